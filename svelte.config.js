/** @file Compiler options of every component. */
export default {
  compilerOptions: { runes: true },
};
