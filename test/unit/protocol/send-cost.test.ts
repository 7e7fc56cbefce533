/** A3: mail that is to be sent, and what reading and sending have in common; `parse-cost.test.ts` has the rest of reading. */
import { describe, expect, test } from 'vitest'
import { composeMail } from '../../../lib/protocol/compose-mail.js'
import { fitMime } from '../../../lib/protocol/fit-mime.js'
import { forGraph } from '../../../lib/protocol/graph-mime.js'
import { parseMail } from '../../../lib/protocol/parse-mail.js'
import { safeFileName } from '../../../lib/protocol/safe-file-name.js'
import { processorMs } from '../../support/general/processor-ms.js'

/** Long runs of spaces in lines that may be folded. */
const spaces = (length: number): string => `${' '.repeat(990)}x\r\n`.repeat(Math.ceil(length / 993))
const head = 'From: ana@x.example\r\nTo: kim@y.example\r\n'
const nobody = { eightBit: false, utf8: false }
const plain = (text: string) => fitMime(Buffer.from(text, 'latin1'), nobody)
const latin = (text: string) => Buffer.from(text, 'latin1')
const submitted = (raw: string) =>
  composeMail({
    mailId: 'a'.repeat(26),
    from: { address: 'ana@x.example', name: '' },
    to: [],
    cc: [],
    replyTo: undefined,
    date: 0,
    submission: { raw: Buffer.from(raw, 'latin1').toString('base64'), attachments: [], headers: {} } as never,
  })

describe('A3: what mail costs that is made to cost grows with its size alone', () => {
  const message = `${head}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`
  const hostile: [string, (length: number) => unknown, number][] = [
    ['quoted-printable of one run of spaces', (n) => submitted(`${message}${' '.repeat(n)}x\r\n`), 64_000],
    [
      'a comment of escapes that never ends',
      (n) => plain(`Content-Type: a/b; (${'(\\'.repeat(n / 2)}\r\n\r\né`),
      128_000,
    ],
    ['the same in a mail for Graph', (n) => graph(`Content-Type: a/b; ${'(\\'.repeat(n / 2)}`), 128_000],
    [
      'a run of spaces between words of a header',
      (n) => plain(`Subject: é${' '.repeat(n)}é\r\nTo: é${' '.repeat(n)}é\r\n\r\n`),
      64_000,
    ],
    ['a sender of spaces without an address', (n) => submitted(`From: a\r\n ${spaces(n)}\r\n\r\n`), 240_000],
    [
      'a charset of spaces',
      (n) => parseMail(latin(`${head}Content-Type: text/plain; charset="x${' '.repeat(n)}x"\r\n\r\né`)),
      64_000,
    ],
    [
      'file names of dots',
      (n) => {
        for (let at = 0; at < n; at += 2_000) safeFileName(`a${'.'.repeat(1_998)}x`)
      },
      1_000_000,
    ],
  ]
  const graph = (field: string) => forGraph(latin(`${head}${field}\r\n\r\n${'x'.repeat(70)}\r\n`), ['kim@y.example'])

  test.each(hostile)('A3: %s', async (_name, take, length) => {
    const cost = async (size: number): Promise<number> => {
      const begun = process.cpuUsage()
      // Refused or not: what counts is what it takes to find out.
      await Promise.resolve(size)
        .then(take)
        .catch(() => undefined)
      return processorMs(begun)
    }
    await cost(length / 8)
    const ms = Math.min(await cost(length / 8), await cost(length / 8))
    const larger = await cost(length)
    expect(larger).toBeLessThan(700)
    // Eight times as much; the square of it would be 64.
    expect(larger).toBeLessThan(Math.max(ms, 10) * 30)
  })
})

describe('A3: what cannot be changed without reading for long is refused before it is read', () => {
  const mixed = `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n`
  const ends = `--b\r\n\r\n${'x'.repeat(1_100)}\r\n--b--\r\n`
  const tooMuch: [string, string, RegExp][] = [
    ['parts', `${mixed}${'--b\r\n\r\nx\r\n'.repeat(1_001)}${ends}`, /more than 1000 parts/],
    ['header fields of a part', `${mixed}--b\r\n${'A: é\r\n'.repeat(180_000)}\r\n${ends}`, /1048576 bytes of headers/],
    [
      'header bytes of all parts',
      `${mixed}${`--b\r\nX-A: ${'a\r\n '.repeat(320)}x\r\n\r\n`.repeat(900)}${ends}`,
      /1048576 bytes of headers/,
    ],
  ]
  test.each(tooMuch)('A3: %s', (_name, text, why) => {
    expect(() => plain(text)).toThrow(
      expect.objectContaining({
        code: 'mail_not_convertible',
        outcome: 'not-sent',
        description: expect.stringMatching(why) as string,
      }),
    )
  })

  test('A3: a thousand parts with ordinary headers are changed all the same', () => {
    const part = `--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename="${'a'.repeat(300)}.txt"\r\n\r\né\r\n`
    expect(plain(`${mixed}${part.repeat(999)}${ends}`).toString('latin1')).toContain('=E9')
  })
})
