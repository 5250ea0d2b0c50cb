/** All that a stream gives, and what it ends with. @param pieces gets them as they come, for streams that break off */
export async function readStream<Piece, Result>(
  stream: AsyncGenerator<Piece, Result, void>,
  pieces: Piece[] = [],
): Promise<{ pieces: Piece[]; result: Result }> {
  for (;;) {
    const { done, value } = await stream.next()
    if (done) return { pieces, result: value }
    pieces.push(value)
  }
}
