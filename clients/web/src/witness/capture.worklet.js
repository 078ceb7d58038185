// Runs beside the page, on the audio thread: gathers 20 ms of the microphone (960 samples at 48 kHz) and hands them on.
// A file of its own, loaded from this server: the page's policy allows no other kind.
registerProcessor(
  "capture",
  class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.gathered = new Float32Array(960);
      this.count = 0;
    }

    process([input]) {
      const samples = input?.[0];
      if (!samples) return true;
      for (const sample of samples) {
        this.gathered[this.count++] = sample;
        if (this.count < this.gathered.length) continue;
        this.port.postMessage(this.gathered.buffer, [this.gathered.buffer]);
        this.gathered = new Float32Array(960);
        this.count = 0;
      }
      return true;
    }
  },
);
