/** One of each page that a tenant's people see, in the given language, as it stands after ordinary things happened. */
import { cancelledPage } from '../../../lib/pages/cancelled-page.js'
import { checkingPage } from '../../../lib/pages/checking-page.js'
import { connectPage } from '../../../lib/pages/connect-page.js'
import { consentPage, consentResultPage } from '../../../lib/pages/consent-pages.js'
import { errorPage } from '../../../lib/pages/error-page.js'
import { indexPage, unknownPage } from '../../../lib/pages/index-page.js'
import { resultPage } from '../../../lib/pages/result-page.js'
import type { Texts } from '../../../lib/pages/texts/texts.js'

const target = {
  kind: 'connect' as const,
  address: 'ana@contoso.example',
  receive: true,
  send: true,
  confirmation: 'tenant-admin' as const,
}
const fails = {
  verdict: 'fails' as const,
  code: 'imap_disabled',
  text: 'IMAP is switched off for this mailbox.',
  remedy: 'Ask an administrator to switch it on.',
}
const works = { verdict: 'works' as const }
const notTested = { verdict: 'not-tested' as const }

const needsApproval = <T extends object>(code: string, failed: T) => ({
  ...failed,
  ...{ code, class: 'needs-admin', hint: 'consent', approval: 'https://mail.example/connect/c.d' },
  sendFirst: { action: '/connect/a.b', formToken: 'token', provider: 'microsoft', tenantName: 'Acme' },
})

export function connectPages(texts: Texts): Record<string, string> {
  const connecting = {
    link: 'a.b',
    tenantName: 'Acme',
    target,
    signInAs: 'ana@contoso.example',
    discovered: { provider: 'unknown', evidence: 'nothing public names a server' },
    ways: ['microsoft' as const, 'password' as const],
    pages: ['microsoft' as const],
    choices: [
      { provider: 'microsoft' as const, label: 'Microsoft' },
      { provider: 'oauth2' as const, label: 'Example mail', registrationId: 'r1' },
    ],
    formToken: 'token',
  }
  const refused = {
    code: 'invalid_login',
    class: 'needs-reconnect',
    description: 'The server refuses the password.',
    remedy: 'Type it again.',
  }
  const failed = { ...refused, requestId: 'q7m2ztn4kc5xw3hdrjfvbeuags', retry: '/connect/a.b' }
  const ended = { status: 'signed-in' as const, tenantName: 'Acme', signedInAs: 'ana@contoso.example', until: 0 }
  return {
    connect: connectPage(connecting, texts),
    'connect-sending-first': connectPage(
      { ...connecting, discovered: { provider: 'microsoft', evidence: 'MX' }, maySendFirst: true },
      texts,
    ),
    'connect-send-only': connectPage({ ...connecting, target: { ...target, receive: false } }, texts),
    'connect-refused': connectPage({ ...connecting, problem: refused }, texts),
    'connect-microsoft': connectPage(
      { ...connecting, discovered: { provider: 'microsoft', evidence: 'MX' }, ways: ['microsoft'] },
      texts,
    ),
    checking: checkingPage('/oauth/complete?s=none&go=1', texts),
    result: resultPage(
      {
        ...ended,
        target,
        verdicts: { signIn: works, reading: fails, sending: notTested },
        returnTo: 'https://a.example/',
      },
      texts,
    ),
    'result-works': resultPage(
      { ...ended, status: 'confirmed', target, verdicts: { signIn: works, reading: works, sending: works } },
      texts,
    ),
    'result-sending-first': resultPage(
      {
        ...ended,
        status: 'confirmed',
        target: { ...target, receive: false, later: 'receive' },
        verdicts: { signIn: works, reading: { ...fails, code: 'reading_awaits_approval' }, sending: notTested },
        approval: 'https://mail.example/connect/c.d',
      },
      texts,
    ),
    error: errorPage(failed, texts),
    approval: errorPage(needsApproval('aadsts_90094', failed), texts),
    'approval-declined': errorPage(needsApproval('aadsts_65004', failed), texts),
    'approval-requested': errorPage(needsApproval('aadsts_90095', failed), texts),
    'hand-over': errorPage(
      {
        ...failed,
        code: 'aadsts_50105',
        class: 'needs-admin',
        hint: 'tenant',
        handOver: { to: 'administrator', application: 'Acme mail', clientId: 'c', account: 'ana@contoso.example' },
      },
      texts,
    ),
    consent: consentPage(
      { ...connecting, target: { receive: true, send: true, consent: 'app-only' }, permissions: ['Mail.Send'] },
      texts,
    ),
    consented: consentResultPage(
      {
        ...ended,
        target: { receive: true, send: true, consent: 'app-only' },
        verdicts: { signIn: works, reading: works, sending: fails },
      },
      texts,
    ),
    cancelled: cancelledPage(
      { tenantName: 'Acme', address: 'ana@contoso.example', returnTo: 'https://a.example/' },
      texts,
    ),
    index: indexPage(),
    unknown: unknownPage('q7m2ztn4kc5xw3hdrjfvbeuags'),
  }
}
