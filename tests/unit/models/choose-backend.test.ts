/** @file Which backend and which build, for every kind of place. */
import { expect, it } from 'vitest';
import { backendOrder, canUseWebGpu, chooseOrtBuild, chooseThreads, selfTestKey } from '../../../src/models/choose-backend.ts';

const real = { vendor: 'intel', architecture: 'xe', device: '', isFallback: false };
const software = { ...real, vendor: 'google', architecture: 'swiftshader', isFallback: true };

it('takes WebGPU on a real adapter only, unless a test asks', () => {
  expect(canUseWebGpu({ adapter: real }, null)).toBe(true);
  expect(canUseWebGpu({ adapter: software }, null)).toBe(false);
  expect(canUseWebGpu({ adapter: null }, null)).toBe(false);
  expect(canUseWebGpu({ adapter: software }, 'webgpu')).toBe(true);
  expect(canUseWebGpu({ adapter: null }, 'webgpu')).toBe(false);
  expect(canUseWebGpu({ adapter: real }, 'wasm')).toBe(false);
});

it('fetches the smallest build that can do it', () => {
  expect(chooseOrtBuild({ adapter: null, hasJspi: true }, null)).toBe('ort-wasm');
  expect(chooseOrtBuild({ adapter: real, hasJspi: true }, null)).toBe('ort-jspi');
  expect(chooseOrtBuild({ adapter: real, hasJspi: false }, null)).toBe('ort-asyncify');
  expect(chooseOrtBuild({ adapter: real, hasJspi: true }, 'wasm')).toBe('ort-wasm');
});

it('keeps the order of the registry and leaves out what does not hold', () => {
  const backends = ['webgpu', 'wasm', 'cpu'] as const;
  expect(backendOrder(backends, { adapter: real }, null, false)).toEqual(['webgpu', 'wasm', 'cpu']);
  expect(backendOrder(backends, { adapter: real }, null, true)).toEqual(['wasm', 'cpu']);
  expect(backendOrder(backends, { adapter: software }, null, false)).toEqual(['wasm', 'cpu']);
  expect(backendOrder(['wasm'], { adapter: real }, null, false)).toEqual(['wasm']);
});

it('uses threads only where memory can be shared and is plentiful', () => {
  expect(chooseThreads({ isIsolated: true, cores: 8, isIos: false })).toBe(4);
  expect(chooseThreads({ isIsolated: true, cores: 2, isIos: false })).toBe(2);
  expect(chooseThreads({ isIsolated: true, cores: 8, isIos: true })).toBe(1);
  expect(chooseThreads({ isIsolated: false, cores: 8, isIos: false })).toBe(1);
});

it('tests again when the model, the adapter or the browser changes', () => {
  const place = { adapter: real, browser: 'Chrome/156' };
  const key = selfTestKey('aa', place);
  expect(selfTestKey('bb', place)).not.toBe(key);
  expect(selfTestKey('aa', { ...place, adapter: software })).not.toBe(key);
  expect(selfTestKey('aa', { ...place, browser: 'Chrome/157' })).not.toBe(key);
  expect(selfTestKey('aa', { ...place })).toBe(key);
});
