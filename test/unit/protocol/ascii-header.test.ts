import { expect, test } from 'vitest'
import { asciiField } from '../../../lib/protocol/ascii-header.js'
import { parseMail } from '../../../lib/protocol/parse-mail.js'

test('field 16: a header in windows-1252 keeps its euro signs and quotes when it becomes ASCII (WHATWG Encoding 9)', async () => {
  const { text } = asciiField({ name: 'subject', text: 'Subject: \x84Angebot\x93 \x80 10' })
  expect(text).toMatch(/^[\0-\x7f]*$/)
  expect((await parseMail(Buffer.from(`${text}\r\n\r\nx\r\n`))).subject).toBe('„Angebot“ € 10')
})
