import fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer'
import { expect, test } from 'vitest'
import { writeMime } from '../../../lib/protocol/write-mime.js'

const text = fc.oneof(
  fc.lorem({ maxCount: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc.constantFrom('', '.', 'ends with a break\r\n', ' trailing blank ', `${'x'.repeat(200)}=`),
)
const withBreaks = fc
  .array(text, { maxLength: 6 })
  .map((lines) => lines.join('\r\n').replace(/\r\n|\r|\n/g, '\r\n'))
  .map((content) => (content === '' ? Buffer.alloc(0) : content))
const file = fc.record({
  filename: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  contentType: fc.constantFrom('application/pdf', 'image/png', 'text/plain', 'text/csv', 'application/octet-stream'),
  content: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  contentTransferEncoding: fc.constant('base64' as const),
  contentDisposition: fc.constantFrom('attachment' as const, 'inline' as const),
  cid: fc.option(fc.constantFrom('a@b', 'logo'), { nil: undefined }),
})
const mail = fc.record(
  {
    subject: fc.string({ unit: 'grapheme', maxLength: 120 }),
    text: withBreaks.map((content) => ({ content, contentType: 'text/plain; charset=utf-8' })),
    html: withBreaks.map((content) => ({ content, contentType: 'text/html; charset=utf-8' })),
    attachments: fc.array(file, { maxLength: 3 }),
  },
  { requiredKeys: ['subject'] },
)

test('mails are written byte for byte as nodemailer itself writes them', async () => {
  await fc.assert(
    fc.asyncProperty(mail, async (fields) => {
      const tree = () =>
        new MailComposer({
          ...fields,
          attachments: (fields.attachments ?? []).map(({ cid: id, ...part }) =>
            id === undefined ? part : { ...part, cid: id },
          ),
          from: { address: 'sales@acme.example', name: 'Grüße, Ana' },
          to: [{ address: 'bob@b.example', name: '' }],
          date: new Date(0),
          messageId: '<m@acme.example>',
          // Boundaries are random otherwise.
          baseBoundary: 'boundary',
        } as ConstructorParameters<typeof MailComposer>[0]).compile()
      expect(writeMime(tree()).toString('latin1')).toBe((await tree().build()).toString('latin1'))
    }),
    { numRuns: 150 },
  )
})
