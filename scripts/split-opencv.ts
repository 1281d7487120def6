/**
 * @file OpenCV.js as a browser wants it: the WASM out of its base64 into a file of its own (three quarters of the bytes, checked and shown
 * as progress like any model), and a module without `new Function`, so that the page's content policy needs no `unsafe-eval`. The four
 * replaced functions follow emscripten's `-sDYNAMIC_EXECUTION=0` build (embind.js). Pure.
 */

/** The two files. */
export interface SplitOpenCv {
  readonly wasm: Uint8Array;
  /** ES module that exports `createOpenCv(module)`. */
  readonly script: string;
}

const FACTORY_START = '}(this, function () {';
const FACTORY_END = '}));';
const WASM = /var wasmBinaryFile="data:application\/octet-stream;base64,([A-Za-z0-9+/=]+)";/;

const CREATE_NAMED_FUNCTION = `function createNamedFunction(name,body){name=makeLegalFunctionName(name);return{[name]:function(){return body.apply(this,arguments)}}[name]}`;

const CRAFT_INVOKER_FUNCTION = `function craftInvokerFunction(humanName,argTypes,classType,cppInvokerFunc,cppTargetFunc){
var argCount=argTypes.length;if(argCount<2){throwBindingError("argTypes array size mismatch! Must at least get return value and 'this' types!")}
var isClassMethodFunc=argTypes[1]!==null&&classType!==null;var needsDestructorStack=false;
for(var i=1;i<argCount;++i){if(argTypes[i]!==null&&argTypes[i].destructorFunction===undefined){needsDestructorStack=true;break}}
var returns=argTypes[0].name!=="void";var expected=argCount-2;
return{[makeLegalFunctionName(humanName)]:function(){
if(arguments.length!==expected){throwBindingError("function "+humanName+" called with "+arguments.length+" arguments, expected "+expected+" args!")}
var destructors=needsDestructorStack?[]:null;var given=[cppTargetFunc];var thisWired;var wired=[];
if(isClassMethodFunc){thisWired=argTypes[1].toWireType(destructors,this);given.push(thisWired)}
for(var i=0;i<expected;++i){wired[i]=argTypes[i+2].toWireType(destructors,arguments[i]);given.push(wired[i])}
var rv=cppInvokerFunc.apply(null,given);
if(needsDestructorStack){runDestructors(destructors)}else{for(var i=isClassMethodFunc?1:2;i<argCount;++i){if(argTypes[i].destructorFunction!==null){argTypes[i].destructorFunction(i===1?thisWired:wired[i-2])}}}
if(returns){return argTypes[0].fromWireType(rv)}
}}[makeLegalFunctionName(humanName)]}`;

const GET_METHOD_CALLER = `function __emval_get_method_caller(argCount,argTypes){
var types=__emval_lookupTypes(argCount,argTypes);var retType=types[0];
return __emval_addMethodCaller(function(handle,name,destructors,args){
var offset=0;var given=[];
for(var i=0;i<argCount-1;++i){given.push(types[i+1].readValueFromPointer(args+offset));offset+=types[i+1]["argPackAdvance"]}
var rv=handle[name].apply(handle,given);
for(var i=0;i<argCount-1;++i){if(types[i+1]["deleteObject"]){types[i+1].deleteObject(given[i])}}
if(!retType.isVoid){return retType.toWireType(destructors,rv)}
})}`;

const MAKE_DYN_CALLER = `function makeDynCaller(dynCall){return function(){return dynCall.apply(null,[rawFunction].concat(Array.prototype.slice.call(arguments)))}}`;

/** Function to replace, what follows it in the source, and its replacement. */
const REPLACEMENTS: readonly (readonly [name: string, next: string, replacement: string])[] = [
  ['function createNamedFunction(', 'function extendError(', CREATE_NAMED_FUNCTION],
  ['function craftInvokerFunction(', 'function heap32VectorToArray(', CRAFT_INVOKER_FUNCTION],
  ['function __emval_get_method_caller(', 'function __emval_get_property(', GET_METHOD_CALLER],
  ['function makeDynCaller(', 'var fp;', MAKE_DYN_CALLER],
];

/**
 * @param source of `@techstark/opencv-js/dist/opencv.js`.
 * @throws Error when the source is not built as expected (another version).
 */
export function splitOpenCv(source: string): SplitOpenCv {
  const base64 = WASM.exec(source)?.[1];
  const start = source.indexOf(FACTORY_START);
  const end = source.lastIndexOf(FACTORY_END);
  if (base64 === undefined || start < 0 || end < start) throw new Error('opencv.js is not built as expected');
  let factory = source.slice(start + FACTORY_START.length, end).replace(WASM, 'var wasmBinaryFile="opencv.wasm";');
  for (const [name, next, replacement] of REPLACEMENTS) {
    const from = factory.indexOf(name);
    const to = factory.indexOf(next, from);
    if (from < 0 || to < 0 || factory.indexOf(name, from + 1) >= 0) throw new Error(`opencv.js has no single ${name}…)`);
    factory = factory.slice(0, from) + replacement + factory.slice(to);
  }
  if (/new Function\(|new_\(Function|\beval\(/.test(factory)) throw new Error('opencv.js still makes code from text');
  // The factory is old-style sloppy code, but nothing in it relies on that; a module is strict.
  const script = `export function createOpenCv(Module) {\nvar exports, module, define, require, process;\n${factory}\n}\n`;
  return { wasm: Buffer.from(base64, 'base64'), script };
}
