import { expect, test, vi } from 'vitest'
import { flowedText } from '../../../lib/protocol/flowed-text.js'
import { parseMail } from '../../../lib/protocol/parse-mail.js'

test.each([
  // RFC 3676 4.5: quote marks first, then the stuffed space, then whether the line goes on.
  ['a quote', '> quoted one \n> quoted two', '> quoted one quoted two'],
  ['a deep quote', '>> one \n>> two \n>> three', '>> one two three'],
  ['a paragraph', 'one \ntwo\nthree', 'one two\nthree'],
  ['another depth ends the paragraph', '> one \n>> two \nthree \n> four', '> one \n>> two \nthree \n> four'],
  ['no mark and then one', 'I say \n> you say', 'I say \n> you say'],
  ['a line of a mark alone', '> one\n>\n> two', '> one\n>\n> two'],
  ['marks written apart are text (4.5)', '> > one \n> > two', '> > one > two'],
  // 4.4: the first space of a line is stuffed.
  ['a stuffed line', ' From here \n on', 'From here on'],
  ['a stuffed mark', ' > no quote', '> no quote'],
  ['two spaces', '  indented', ' indented'],
  // 4.3: the signature line is fixed.
  ['a signature', 'bye \n-- \nAna \nSmith', 'bye \n-- \nAna Smith'],
  ['a quoted signature', '> bye\n> -- \n> Ana', '> bye\n> -- \n> Ana'],
  ['an empty line that goes on', ' \nx', '\nx'],
  ['at the end', 'one ', 'one '],
])('field 24: %s (RFC 3676)', (_what, text, right) => {
  expect(flowedText(text, false)).toBe(right)
  expect(flowedText(text.replaceAll('\n', '\r\n'), false)).toBe(right)
})

test.each([
  ['words of a language without spaces', '日本 \n語', '日本語'],
  ['a quote', '> one  \n> two', '> one two'],
  ['a signature keeps its space', 'x\n-- \ny', 'x\n-- \ny'],
])('field 24: delsp=yes takes the space away: %s (RFC 3676 4.2)', (_what, text, right) => {
  expect(flowedText(text, true)).toBe(right)
})

test('field 24: the mail says whether its text flows, in any transfer encoding', async () => {
  const mail = (type: string, encoding: string, body: string): Buffer =>
    Buffer.from(
      `Content-Type: text/plain; charset=utf-8${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`,
    )
  const text = async (raw: Buffer): Promise<string> => (await parseMail(raw)).text.trimEnd()
  const right = '> quoted one quoted two'
  expect(await text(mail('; format=flowed', '7bit', '> quoted one \r\n> quoted two'))).toBe(right)
  expect(await text(mail('; Format="Flowed"', 'quoted-printable', '> quoted one=20\r\n> quoted two'))).toBe(right)
  const base64 = Buffer.from('> quoted one \r\n> quoted two').toString('base64')
  expect(await text(mail('; format=flowed; delsp=no', 'base64', base64))).toBe(right)
  expect(await text(mail('; format=flowed; DelSp=Yes', '7bit', '> quoted one \r\n> quoted two'))).toBe(
    '> quoted onequoted two',
  )
  expect(await text(mail('', '7bit', '> quoted one \r\n> quoted two'))).toBe('> quoted one \n> quoted two')
})

test('field 24: a parser that was loaded twice in one process reads bodies all the same', async () => {
  vi.resetModules()
  const again = await import('../../../lib/protocol/parse-mail.js')
  const body = Buffer.from('> quoted one \r\n> quoted two').toString('base64')
  const raw = `Content-Type: text/plain; format=flowed\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`
  for (const parse of [parseMail, again.parseMail])
    expect((await parse(Buffer.from(raw))).text.trimEnd()).toBe('> quoted one quoted two')
})
