import { describe, expect, test } from 'vitest'
import catalogue from '../../../lib/diagnosis/catalogue.json' with { type: 'json' }
import { diagnose, everyDiagnosis, matchFor } from '../../../lib/diagnosis/diagnose.js'
import { translate } from '../../../lib/diagnosis/translate.js'
import { hints } from '../../../lib/errors.js'
import type { DiagnosisContext, Fault } from '../../../lib/model/diagnosis.js'
import vectors from '../../fixtures/error-vectors/vectors.json' with { type: 'json' }
import { processorMs } from '../../support/general/processor-ms.js'

const faultOf = (vector: (typeof vectors)[number]): Fault => ({
  context: vector.context as DiagnosisContext,
  text: vector.text,
  ...(vector.http === undefined ? {} : { http: vector.http }),
  ...(vector.net === undefined ? {} : { net: vector.net }),
  ...(vector.op === undefined ? {} : { operation: vector.op === 'send' ? 'send' : 'receive' }),
})

describe('M-120: every known error has one class and one remedy', () => {
  test.each(vectors)('M-120: vector $n ($context) is matched by $match', (vector) => {
    expect(matchFor(faultOf(vector))).toBe(vector.match)
  })

  test('M-120: the fixture holds all 56 vectors, and each row of the catalogue, 511 of the facts and ours, is one diagnosis', () => {
    expect(vectors).toHaveLength(56)
    expect(catalogue.length).toBeGreaterThanOrEqual(511)
    expect(everyDiagnosis()).toHaveLength(catalogue.length)
  })

  test('M-120: codes are unique words, classes and hints are known, texts are sentences', () => {
    const codes = new Set<string>()
    for (const { code, class: errorClass, hint, description, remedy } of everyDiagnosis()) {
      if (hint !== undefined) expect(hints, code).toContain(hint)
      expect(code).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/)
      expect(codes.has(code), code).toBe(false)
      codes.add(code)
      expect(['transient', 'permanent', 'needs-reconnect', 'needs-admin']).toContain(errorClass)
      for (const text of [description, remedy]) expect(text).toMatch(/^[^a-z].*[.!?]$/)
    }
  })

  test('M-120 P-07: a remedy says who does what; what repeats automatically says that nobody has to act', () => {
    for (const { code, class: errorClass, remedy } of everyDiagnosis()) {
      expect(remedy.split(' ').length, code).toBeGreaterThan(3)
      if (errorClass === 'transient') expect(remedy, code).toMatch(/^(Nothing to do|Wait|Check the host, port)/)
      else expect(remedy, code).not.toMatch(/tried again by itself|retries automatically/)
    }
  })

  test('M-120: well-known codes keep their names', () => {
    const codes = new Set(everyDiagnosis().map((diagnosis) => diagnosis.code))
    const stable = [
      'aadsts_700082',
      'oauth_invalid_grant',
      'exo_smtp_esc_5_7_139',
      'exo_smtp_sendasdenied',
      'graph_errorsendasdenied',
      'smtp_esc_5_1_1',
      'net_econnrefused',
      'uidvalidity_changed',
      'unclassified',
    ]
    for (const code of stable) expect(codes, code).toContain(code)
  })

  test('M-120: an unknown AADSTS number falls through to the row of its OAuth error', () => {
    const fault = (number: number): Fault => ({ context: 'ms-token', oauthError: 'invalid_grant', aadsts: [number] })
    expect(diagnose(fault(99_999_999)).code).toBe('oauth_invalid_grant')
    expect(diagnose(fault(700_082)).code).toBe('aadsts_700082')
    // A number that merely begins like a known one is another number.
    const longer = diagnose({ context: 'ms-token', text: 'AADSTS7000821: new', oauthError: 'invalid_grant' })
    expect(longer.code).toBe('oauth_invalid_grant')
  })

  test.each<[Fault, string, string]>([
    [{ context: 'smtp', smtp: 479 }, 'transient', 'smtp_4xx'],
    [{ context: 'smtp', smtp: 579 }, 'permanent', 'smtp_5xx'],
    [{ context: 'smtp', text: '499 4.99.99 odd' }, 'transient', 'smtp_esc_4_any'],
    [{ context: 'graph', http: 599 }, 'transient', 'any_http_5xx'],
    [{ context: 'graph', http: 418 }, 'permanent', 'any_http_4xx'],
    [{ context: 'imap', text: 'A1 NO computer says no' }, 'transient', 'imap_no'],
    [{ context: 'local', local: 'never heard of' }, 'transient', 'unclassified'],
    [{ context: 'ms-pop', text: '-ERR what' }, 'transient', 'pop3_err'],
  ])('M-120: the unknown falls to the rule of its class: %o', (fault, errorClass, code) => {
    expect(diagnose(fault)).toMatchObject({ class: errorClass, code })
  })

  test('M-087 P-06: sign-in frequency, inactivity, revocation and a new password have a remedy each', () => {
    const remedies = ['70043', '700082', '50173', '50133'].map(
      (number) => diagnose({ context: 'ms-token', text: `AADSTS${number}: x`, oauthError: 'invalid_grant' }).remedy,
    )
    expect(new Set(remedies).size).toBe(4)
    expect(remedies[0]).toMatch(/administrator .* sign-in frequency/)
    expect(remedies[1]).toMatch(/kept alive/)
  })

  test('M-122: SMTP AUTH disabled for the tenant and for the mailbox are two entries', () => {
    const by = (scope: string) =>
      diagnose({
        context: 'ms-smtp',
        text: `535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the ${scope}.`,
      })
    expect(by('Tenant').code).not.toBe(by('Mailbox').code)
    for (const scope of ['Tenant', 'Mailbox']) {
      expect(by(scope)).toMatchObject({ class: 'needs-admin', hint: 'tenant' })
      expect(by(scope).remedy).toMatch(/Graph/)
    }
  })

  test('REL-05: an enhanced code is not read out of an IP address or a version', () => {
    expect(diagnose({ context: 'smtp', text: '550 host 5.1.1.9 refused' }).code).toBe('smtp_550')
    expect(diagnose({ context: 'smtp', text: '550 5.1.1 host 5.7.1.9 refused' }).code).toBe('smtp_esc_5_1_1')
  })

  test('M-120: a thousand diagnoses take less than a quarter of a second, hostile text included', () => {
    const hostile = `{"error":${'{"code":'.repeat(2000)} ${'5.1.'.repeat(4000)} ${'AADSTS1'.repeat(3000)}`
    const started = process.cpuUsage()
    for (let i = 0; i < 1000; i++) diagnose(faultOf(vectors[i % vectors.length]!))
    const plain = processorMs(started)
    for (let i = 0; i < 20; i++) diagnose({ context: 'ms-token', text: hostile })
    expect(plain).toBeLessThan(250)
    expect(processorMs(started)).toBeLessThan(1000)
  })
})

describe('translate', () => {
  test('M-120: the error carries code, class, hint, sentences, the wait and the redacted line of the peer', () => {
    const error = translate(
      { context: 'ms-smtp', text: '432 4.3.2 concurrent connection limit exceeded\r\n', trace: { request: 'r\n1' } },
      { outcome: 'not-sent' },
    )
    expect(error).toMatchObject({
      code: 'exo_smtp_concurrent_connection_limit_exceeded',
      class: 'transient',
      hint: 'throttle',
      outcome: 'not-sent',
      peerLine: '432 4.3.2 concurrent connection limit exceeded',
      trace: { request: 'r 1' },
    })
    expect(error.description).toBe('More than three connections send from this mailbox at once.')
  })

  test('M-120: a wait that Exchange names in words is obeyed, at least a minute', () => {
    const wait = (ms: number) =>
      translate({ context: 'ms-imap', text: `BAD Request is throttled. Suggested Backoff Time: ${ms} milliseconds` })
    expect(wait(299_961).retryAfterMs).toBe(299_961)
    expect(wait(10).retryAfterMs).toBe(60_000)
    expect(translate({ context: 'ms-imap', text: 'BAD', retryAfterMs: 5 }).retryAfterMs).toBe(5)
  })

  test.each([
    ['Credential lifetime exceeds the max value permitted as per assigned policy.', 'entra_credential_lifetime'],
    ['Credential type not allowed as per assigned policy.', 'entra_credential_type'],
  ])('M-141: %s names who may change the credential', (text, code) => {
    expect(translate({ context: 'ms-token', text })).toMatchObject({ code, class: 'needs-admin', hint: 'operator' })
  })

  test('SEC-34: what a library hangs on its error does not travel on as the cause', () => {
    const cause = Object.assign(new Error('AUTH PLAIN AGFuYQBjYW5hcnktNDcxMQ== refused'), {
      response: 'AUTH PLAIN AGFuYQBjYW5hcnktNDcxMQ==',
      code: 'EAUTH',
    })
    const error = translate({ context: 'smtp', smtp: 535, cause })
    expect(error.cause).toMatchObject({ code: 'EAUTH' })
    expect(JSON.stringify(error.cause, Object.getOwnPropertyNames(error.cause))).not.toContain('AGFuYQ')
  })
})
