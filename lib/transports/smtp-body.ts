import { Readable } from 'node:stream'

const chunkBytes = 65_536

/**
 * The mail as a stream that yields all its bytes, then waits for `mayEnd`, then ends. nodemailer writes the final dot
 * when this stream ends, and never before: so the dot is on the wire only after `mayEnd` said true (REL-04). If it says
 * false or rejects, the stream is destroyed and no dot follows.
 */
export function smtpBody(raw: Uint8Array, mayEnd: () => Promise<boolean>): Readable {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  let offset = 0
  let asked = false
  return new Readable({
    read() {
      if (offset < bytes.length) {
        this.push(bytes.subarray(offset, offset + chunkBytes))
        offset += chunkBytes
        return
      }
      if (asked) return
      asked = true
      mayEnd().then(
        (granted) => {
          if (granted) this.push(null)
          else this.destroy()
        },
        // A fault of our own journal: the library writes its codes onto every error it is given.
        () => this.destroy(new Error('the hand-over was stopped')),
      )
    },
  })
}
