import { describe, expect, test } from 'vitest'
import { hideSecrets } from '../../../lib/diagnosis/hide-secrets.js'
import { redact } from '../../../lib/diagnosis/redact.js'
import { processorMs } from '../../support/general/processor-ms.js'

const password = 'cAnary-Pass-4711'
const token = 'canaryTokenZ9y8X7w6V5u4T3s2R1q0'
const jwt = `eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJjYW5hcnkifQ.${token}`
const plain = Buffer.from(`\0ana@contoso.example\0${password}`).toString('base64')
const xoauth2 = Buffer.from(`user=ana@contoso.example\x01auth=Bearer ${token}\x01\x01`).toString('base64')

const leaks: [string, string, string][] = [
  ['SMTP AUTH PLAIN', `535 5.7.8 Bad command: AUTH PLAIN ${plain}`, plain],
  ['SMTP AUTH XOAUTH2', `535-5.7.8 you said AUTH XOAUTH2 ${xoauth2}\r\n535 5.7.8 no`, xoauth2],
  [
    'SMTP AUTH LOGIN answers',
    `334 VXNlcm5hbWU6\r\n${Buffer.from(`${password}${password}`).toString('base64')}`,
    'Y0FuYXJ5',
  ],
  ['IMAP AUTHENTICATE', `* BAD unknown: A1 AUTHENTICATE XOAUTH2 ${xoauth2}`, xoauth2],
  ['IMAP LOGIN', `A1 LOGIN "ana" "${password}"`, password],
  ['IMAP LOGIN quoted in a reply', `A1 BAD Error in command: A1 LOGIN ana ${password}`, password],
  ['IMAP continuation', `+ ${xoauth2}`, xoauth2],
  ['POP3 PASS', `PASS ${password}`, password],
  ['a SASL answer without its command', `502 5.5.2 Error: ${xoauth2} not recognised`, xoauth2],
  ['a cut SASL answer', `502 Error: ${xoauth2.slice(5)}`, xoauth2.slice(8)],
  ['a bearer header', `Authorization: Bearer ${token}`, token],
  ['a SASL bearer', `user=ana\x01auth=Bearer ${token}\x01\x01`, token],
  ['a JWT', `token ${jwt} is expired`, jwt.slice(0, 30)],
  ['a JWT without its signature', `header eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJjYW5hcnkifQ`, 'eyJhdWQi'],
  ['a Google token', `bad ya29.${token}`, token],
  ['a Google refresh token', `bad 1//0e${token}`, token],
  ['a Microsoft refresh token', `bad 0.AXoA${token}`, token],
  ['an authorization code in a query', `GET /callback?code=${token}&state=abc`, token],
  ['a state in a query', `GET /callback?x=1&state=${token}`, token],
  ['a token in a query', `https://x.example/?access_token=${token}#f`, token],
  ['a form body', `grant_type=refresh_token&refresh_token=${token}&client_secret=${password}`, password],
  ['a JSON body', `{"access_token":"${token}","expires_in":1}`, token],
  ['a cut JSON body', `{"error":"x","refresh_token":"${token}`, token],
  ['a JSON password with escapes', `{"password":"a\\"${password}"}`, password],
  ['a named password', `login failed, password: ${password}`, password],
  ['one of our own API keys', `key mbg_acme_k1_${password.toLowerCase().replaceAll('-', '')}`, 'canarypass4711'],
]

describe('redact', () => {
  test.each(leaks)('SEC-40: %s is not kept', (_name, text, canary) => {
    // Negative control: without redaction the canary is there.
    expect(text).toContain(canary)
    const kept = redact(text)
    expect(kept).not.toContain(canary)
    expect(kept).toContain('[redacted]')
  })

  test.each([
    '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled',
    '535 5.7.3 Authentication unsuccessful [SN2PR00CA0018.namprd00.prod.outlook.com]',
    '554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed',
    'RUBY0001 NO LOGIN failed.',
    'A01 NO AUTHENTICATE failed.',
    '{"error":{"code":"ErrorAccessDenied","message":"Access is denied. Check credentials and try again."}}',
    'AADSTS700082: The refresh token has expired due to inactivity. Trace ID: 3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    '{"error":"invalid_grant","error_codes":[700082],"suberror":"bad_token"}',
  ])('M-120: what helps a person stays: %s', (text) => {
    expect(redact(text)).toBe(text)
  })

  test('SEC-34: control, direction and line characters go, and 500 characters are the most', () => {
    expect(redact('550 no\r\n\x1b[31mred\x00 \u202egnp.exe\u2028x')).toBe('550 no [31mred gnp.exe x')
    const long = redact(`550 ${'no way '.repeat(5000)}`)
    expect(long).toHaveLength(500)
    expect(long.endsWith('…')).toBe(true)
    expect(redact(`${'a '.repeat(249)}😀😀😀`)).not.toMatch(/[\ud800-\udbff]…/)
  })

  test('SEC-34: a megabyte of hostile text costs milliseconds', () => {
    const started = process.cpuUsage()
    for (const part of ['a', '"password":"', 'A1 LOGIN "', 'eyJa.', 'code=', 'AUTH PLAIN ', '\\"', ' \t', '334 ']) {
      redact(part.repeat(100_000))
    }
    expect(processorMs(started)).toBeLessThan(500)
  })

  test('SEC-34: a known secret is removed in every form a server could repeat it', () => {
    const bytes = Buffer.from(password)
    const forms = [
      password,
      encodeURIComponent(password),
      bytes.toString('hex'),
      ...[0, 1, 2].map((n) => Buffer.concat([Buffer.alloc(n, 'u'), bytes, Buffer.from('!')]).toString('base64')),
    ]
    for (const form of forms) {
      const hidden = hideSecrets(`535 wrong: <${form}> sorry`, [password])
      expect(hidden).toContain('[redacted]')
      expect(hidden).toContain('sorry')
      expect(hidden).not.toContain(form.slice(4, -4))
    }
    expect(hideSecrets('nothing here', [password, ''])).toBe('nothing here')
  })
})
