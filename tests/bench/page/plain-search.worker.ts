/** @file The search that anybody writes first: score every row in a loop, sort them all. What the app's index worker is measured against. */

/** The vectors, once; then a probe at a time. */
export type PlainSearchQuestion = { readonly gallery: readonly Float32Array[] } | { readonly probe: Float32Array; readonly k: number };
/** Rows of the best, best first. */
export type PlainSearchAnswer = number[];

let matrix = new Float32Array(0);
let dimensions = 0;

self.onmessage = ({ data }: MessageEvent<PlainSearchQuestion>) => {
  if ('gallery' in data) {
    dimensions = data.gallery[0]?.length ?? 0;
    matrix = new Float32Array(data.gallery.length * dimensions);
    data.gallery.forEach((vector, row) => matrix.set(vector, row * dimensions));
    self.postMessage([] satisfies PlainSearchAnswer);
    return;
  }
  const { probe, k } = data;
  const scored = Array.from({ length: matrix.length / dimensions }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < dimensions; i++) sum += matrix[row * dimensions + i]! * probe[i]!;
    return { row, sum };
  });
  self.postMessage(
    scored
      .sort((a, b) => b.sum - a.sum)
      .slice(0, k)
      .map(({ row }) => row) satisfies PlainSearchAnswer,
  );
};
