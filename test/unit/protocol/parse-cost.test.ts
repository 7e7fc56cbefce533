import { describe, expect, test } from 'vitest'
import { attachmentOf, parseMail } from '../../../lib/protocol/parse-mail.js'
import { processorMs } from '../../support/general/processor-ms.js'

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll('\n', '\r\n'))

describe('SEC-31: what parsing costs stays small and grows with the size alone', () => {
  const head = 'From: a@b.example\nSubject: x\n'
  const times = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length))
  const report = 'Final-Recipient: rfc822; a@b.example\n\n'
  const mixed = 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n'
  // Of the given length; header cases stay below the header limit.
  const hostile: [string, (length: number) => string, number][] = [
    ['an encoded word', (n) => `Subject: =?utf-8?B?${'QUJD'.repeat(n / 4)}?=\n\nx`, 250_000],
    ['encoded words that never end', (n) => `Subject: ${times('=?utf-8?Q?a', n)}\n\nx`, 250_000],
    ['address groups in address groups', (n) => `To: ${times('a:', n)};\n\nx`, 100_000],
    ['header lines', (n) => `${head}${times('X-A: b\n', n)}\nx`, 150_000],
    ['one line of base64', (n) => `${head}Content-Transfer-Encoding: base64\n\n${times('QUJD', n)}`, 10_000_000],
    ['base64 in groups of one', (n) => `${head}Content-Transfer-Encoding: base64\n\n${times('QQ==', n)}`, 2_000_000],
    ['messages in messages', (n) => `${head}${times('Content-Type: message/rfc822\n\n', n)}x`, 4_000_000],
    ['delivery reports', (n) => `${head}Content-Type: message/delivery-status\n\n${times(report, n)}`, 4_000_000],
    ['empty lines', (n) => `${head}\n${'\n'.repeat(n)}x`, 500_000],
    ['empty lines that become HTML', (n) => `${head}${mixed}${'\n'.repeat(n)}<p>`, 200_000],
    ['tags that never end', (n) => `${head}${mixed}${times('<a <!-- <style', n)}`, 1_000_000],
    ['tags closed in capitals', (n) => `${head}${mixed}${times('<style>\n</STYLE>\n', n)}`, 400_000],
    ['flowed text', (n) => `${head}Content-Type: text/plain; format=flowed\n\n${times('> a \n', n)}`, 500_000],
    ['lines like boundaries', (n) => `${head}${mixed}${times('--c\n', n)}`, 400_000],
  ]

  test.each(hostile)('SEC-31: %s', async (_name, make, length) => {
    // Time of this process, whatever else the machine is doing.
    const cost = async (raw: Uint8Array): Promise<number> => {
      const begun = process.cpuUsage()
      await parseMail(raw)
      return processorMs(begun)
    }
    const small = bytes(make(length / 8))
    const large = bytes(make(length))
    await cost(small)
    const ms = Math.min(await cost(small), await cost(small))
    const larger = await cost(large)
    expect(larger).toBeLessThan(3_000)
    // Eight times as much; the square of it would be 64.
    expect(larger).toBeLessThan(Math.max(ms, 10) * 30)
  })

  test('SEC-31: more than two million lines are refused before parsing', async () => {
    const raw = bytes(`Subject: x\n\n${'\n'.repeat(2_100_000)}`)
    await expect(parseMail(raw)).rejects.toMatchObject({ code: 'mail_too_complex', class: 'permanent' })
  })

  test('the bytes are the same however a part is written', async () => {
    const part = (encoding: string, body: string): string =>
      `Content-Type: application/x\nContent-Transfer-Encoding: ${encoding}\n\n${body}\n`
    const parts = [
      part('base64', 'aGVs\nbG8=\nISE='),
      part('quoted-printable', 'hel=6C=\no!!'),
      part('8bit', 'hello!!'),
      part('base64', 'aGVsbG8hIQ'),
    ]
    const raw = bytes(`Content-Type: multipart/mixed; boundary=b\n\n--b\n${parts.join('--b\n')}--b--\n`)
    for (const index of parts.keys())
      expect(
        Buffer.from((await attachmentOf(raw, index))!.bytes)
          .toString()
          .trimEnd(),
        `part ${index}`,
      ).toBe('hello!!')
  })
})
