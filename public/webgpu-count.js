// Counts WebGPU calls and the bytes of live buffers on this thread. The benchmark loads it into the worker;
// webgpuCounts() reads and resets. Dispatches per step are the same on every GPU; milliseconds are not.
(() => {
  if (!globalThis.GPUDevice || globalThis.webgpuCounts) return;
  let calls = {};

  const wrap = (prototype, name, after = () => {}) => {
    const original = prototype[name];
    prototype[name] = function (...args) {
      const result = original.apply(this, args);
      calls[name] = (calls[name] ?? 0) + 1;
      after.call(this, result);
      return result;
    };
  };

  globalThis.webgpuBytes = 0;
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups");
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroupsIndirect");
  wrap(GPUBuffer.prototype, "mapAsync");
  wrap(GPUQueue.prototype, "submit");
  wrap(GPUDevice.prototype, "createComputePipeline");
  wrap(GPUDevice.prototype, "createBuffer", (buffer) => { globalThis.webgpuBytes += buffer.size; });
  wrap(GPUBuffer.prototype, "destroy", function () { globalThis.webgpuBytes -= this.size; });

  globalThis.webgpuCounts = () => {
    const counted = calls;
    calls = {};
    return counted;
  };
})();
