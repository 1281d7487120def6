/** @file The loss of a device is noticed. */
import { expect, it } from 'vitest';
import { GpuGuard } from '../../../workers/runtime/gpu-guard.ts';

it('knows when a watched device is lost, whoever destroyed it', async () => {
  const guard = new GpuGuard();
  let lose: (info: GPUDeviceLostInfo) => void = () => {};
  const device = { lost: new Promise<GPUDeviceLostInfo>((resolve) => (lose = resolve)) };
  guard.watch(device);
  guard.watch(device);
  expect(guard.isLost).toBe(false);
  lose({ reason: 'destroyed', message: 'by a test' } as GPUDeviceLostInfo);
  await device.lost;
  expect(guard.isLost).toBe(true);
  expect(guard.reason).toBe('destroyed: by a test');
});
