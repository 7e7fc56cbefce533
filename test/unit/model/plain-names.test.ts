import { expect, test } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'
import * as admin from '../../../lib/model/admin-schemas.js'
import * as api from '../../../lib/model/api-schemas.js'
import { parse } from '../../../lib/model/parse.js'
import { registrationSchema } from '../../../lib/model/registration-schema.js'

const id = 'a'.repeat(26)
const guid = '11111111-2222-4333-8444-555555555555'

/** Every text for people in what callers send: the field, and a body that holds it. */
const fields: [field: string, schema: Parameters<typeof parse>[0], body: (text: string) => object][] = [
  ['name', admin.tenantSchema, (name) => ({ id: 'acme', name })],
  ['name', admin.apiKeySchema, (name) => ({ role: 'app', name })],
  ['name', registrationSchema, (name) => ({ name, kind: 'microsoft', clientId: guid, directory: 'common' })],
  ['displayName', admin.mailboxChangeSchema, (displayName) => ({ displayName })],
  ['description', admin.mailboxChangeSchema, (description) => ({ description })],
  ['purpose', admin.mailboxChangeSchema, (purpose) => ({ purpose })],
  [
    'receive.folder',
    admin.mailboxChangeSchema,
    (folder) => ({ receive: { transport: 'graph', connectionId: id, folder } }),
  ],
  ['displayName', api.signInStartSchema, (displayName) => ({ address: 'a@example.com', displayName })],
  [
    'displayName',
    api.mailboxCreateSchema,
    (displayName) => ({ address: 'a@example.com', connectionId: id, displayName }),
  ],
  ['receiveFolder', admin.settingsSchema, (receiveFolder) => ({ receiveFolder })],
]

test.each(fields)(
  'A13: control characters in %s are refused at once, with the field and the cure',
  (field, schema, body) => {
    for (const code of [0, 9, 10, 13, 27, 0x7f, 0x85, 0x9b, 0x2028, 0x2029]) {
      const hostile = `Info${String.fromCharCode(code)}desk`
      let refused: GatewayError | undefined
      try {
        parse(schema, body(hostile))
      } catch (error) {
        refused = error as GatewayError
      }
      expect(refused, `U+${code.toString(16)}`).toMatchObject({ code: 'invalid_input', status: 400, field })
      expect(refused?.description).toContain('remove them')
    }
    // Control: what people are called.
    for (const name of ['Info desk', 'Zoë – Größe & Söhne', '窓口', 'قسم الدعم'])
      expect(() => parse(schema, body(name)), name).not.toThrow()
  },
)

test.each([
  ['webhook', admin.webhookSchema],
  ['return URL', admin.returnUrlSchema],
])('A13: a %s is kept as it was given, or refused: no parser drops a part of it in silence', (_, schema) => {
  const given = (url: string) => () => parse<{ url: string }>(schema, { url })
  for (const odd of ['\r\n', '\t', ' ', '\\@evil.example/', '\u202e', '\u00ad', '\u{e0041}'])
    expect(given(`https://app.example/${odd}x`), JSON.stringify(odd)).toThrow(/url: must not contain/)
  for (const url of ['https://app.example/x', 'https://app.example/%0d%0ax?y=%20', 'https://müller.example/größe'])
    expect(given(url)().url).toBe(url)
})
