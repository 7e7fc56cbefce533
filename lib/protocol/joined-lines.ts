/** What the mail parser needs of a decoder of one part. */
export interface PartDecoder {
  update(line: Uint8Array): void
  finalize(): Promise<ArrayBuffer>
}

/** The parser's own for base64, which decodes what stands between paddings group by group. */
export interface Base64Decoder extends PartDecoder {
  pushChunk(letters: string): void
}

/**
 * Lines of a part without transfer encoding, joined as they come. The parser's own keeps each line apart until the end,
 * which costs it 50 µs a line: a minute for one megabyte of line breaks (SEC-31).
 */
export function joinedLines(): PartDecoder {
  const joined = growing()
  const newline = Uint8Array.of(10)
  return {
    update(line) {
      joined.add(line)
      joined.add(newline)
    },
    finalize: async () => joined.all(),
  }
}

/** The same for base64, where every padding ends a group that would be kept apart. */
export function joinedBase64(decoder: Base64Decoder): PartDecoder {
  const joined = growing()
  decoder.pushChunk = (letters) => joined.add(Buffer.from(letters, 'base64'))
  return {
    update: (line) => decoder.update(line),
    finalize: async () => {
      // Hands over what it still holds.
      await decoder.finalize()
      return joined.all()
    },
  }
}

/**
 * Quoted-printable whose soft breaks got spaces behind them on the way: those are not the text's (RFC 2045 6.7, rule
 * 3).
 */
export function softBreaks(decoder: PartDecoder): PartDecoder {
  return {
    update(line) {
      let end = line.length
      while (end > 0 && (line[end - 1] === 32 || line[end - 1] === 9)) end--
      decoder.update(line[end - 1] === 61 ? line.subarray(0, end) : line)
    },
    finalize: () => decoder.finalize(),
  }
}

function growing() {
  let bytes = new Uint8Array(1_024)
  let length = 0
  return {
    add(more: Uint8Array): void {
      if (length + more.byteLength > bytes.byteLength) {
        const grown = new Uint8Array(Math.max(bytes.byteLength * 2, length + more.byteLength))
        grown.set(bytes)
        bytes = grown
      }
      bytes.set(more, length)
      length += more.byteLength
    },
    all: (): ArrayBuffer => bytes.buffer.slice(0, length) as ArrayBuffer,
  }
}
