/** Every failure that opening a mailbox can end with says how far it came. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { stageOf } from '../../../lib/model/check-stage.js'

const root = new URL('../../../lib/', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8')

/** What the catalogue says of a peer: of a provider, a mail server or the network between. */
const peers = ['entra', 'oauth', 'google-oauth', 'graph', 'exo-smtp', 'gmail-smtp', 'smtp', 'exo-imap', 'gmail-imap']
const sources = new Set([...peers, 'imap', 'net', 'any'])
const catalogue = (JSON.parse(read('diagnosis/catalogue.json')) as string[][])
  .filter(([, source]) => sources.has(source ?? ''))
  .map(([code]) => code ?? '')

/** Of one mail, or of settings that no stored mailbox has. */
const notOfOpening =
  /^(mail_|attachment_|message_|headers_|cursor_|address_needs|graph_upload|graph_target|webhook_|invalid_address|unexpected$)/

const files = [
  ...readdirSync(new URL('transports/', root))
    .filter((name) => /^(dial|imap|smtp|graph|guarded)/.test(name))
    .map((name) => `transports/${name}`),
  ...readdirSync(new URL('flows/tokens/', root)).map((name) => `flows/tokens/${name}`),
  'providers/microsoft-token.ts',
  'flows/send/send-route.ts',
]
const own = files
  .flatMap((file) => [...read(file).matchAll(/GatewayError\(\s*'([a-z_0-9]+)'|local: '([a-z_0-9]+)'/g)])
  .map(([, thrown, local]) => thrown ?? local ?? '')
  .filter((code) => !notOfOpening.test(code) && !['no_mail_server', 'send_outcome_unknown'].includes(code))

describe('M-160: each code has its stage', () => {
  test('M-160: all of the catalogue about providers, mail servers and networks', () => {
    expect(catalogue.length).toBeGreaterThan(400)
    expect(catalogue.filter((code) => stageOf(code) === undefined)).toEqual([])
  })

  test('M-160: all that the transports and the tokens themselves say', () => {
    expect(own.length).toBeGreaterThan(20)
    expect(own.filter((code) => stageOf(code) === undefined)).toEqual([])
  })

  test.each([
    ['net_enotfound', 'dns'],
    ['net_econnrefused', 'connect'],
    ['net_etimedout', 'connect'],
    ['host_not_allowed', 'connect'],
    ['imap_token_refused', 'sign-in'],
    ['smtp_token_scope', 'sign-in'],
    ['tls_untrusted', 'tls'],
    ['net_eproto', 'tls'],
    ['starttls_not_offered', 'tls'],
    ['imap_greeting_refused', 'greeting'],
    ['smtp_554', 'greeting'],
    ['smtp_esc_4_3_2', 'greeting'],
    ['graph_http_503', 'greeting'],
    ['imap_login_refused', 'sign-in'],
    ['exo_imap_no_login_failed', 'sign-in'],
    ['smtp_535', 'sign-in'],
    ['smtp_esc_5_7_8', 'sign-in'],
    ['exo_smtp_smtpclientauthentication_is_disabled_for_the_tenant', 'sign-in'],
    ['aadsts_7000222', 'sign-in'],
    ['graph_http_401', 'sign-in'],
    ['imap_nonexistent', 'folder'],
    ['exo_imap_user_is_authenticated_but_not_connected', 'folder'],
    ['graph_erroraccessdenied', 'folder'],
    ['folder_missing', 'folder'],
    ['exo_smtp_sendasdenied', 'send-right'],
    ['exo_smtp_esc_5_7_60', 'send-right'],
    ['graph_errorsendasdenied', 'send-right'],
  ])('M-160: %s stops at %s', (code, stage) => {
    expect(stageOf(code)).toBe(stage)
  })
})
