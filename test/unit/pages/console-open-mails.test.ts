/** How the console shows mails that are still open. */
import { describe, expect, test } from 'vitest'
import { type MailDetails, mailActions, mailPage, mailsPage } from '../../../lib/pages/console/mail-pages.js'
import { now } from '../../support/console/console-items.js'
import { samplePages, sampleView } from '../../support/console/console-samples.js'

describe('M-041 P-07: an open mail says what it waits for, and where to act', () => {
  const mail: MailDetails = {
    ...{ id: 'm', mailboxId: 'b', state: 'queued', held: false, from: 'a@b.example', recipients: ['c@d.example'] },
    ...{
      attempts: 0,
      history: [],
      plannedAt: '',
      notBefore: '',
      deadline: '',
      lookUpAt: '',
      acceptedAt: '',
      finalAt: '',
    },
    ...{
      subject: '',
      metadata: {},
      refused: [],
      delivered: [],
      messageId: '<m@b.example>',
      bytes: 1,
      whenUnknown: 'stop',
    },
  }
  const place = { id: 'b', address: 'a@b.example', active: true, sending: { problem: '', gate: 'open', nextTry: '' } }
  const shown = (change: Partial<MailDetails>, where: Partial<typeof place> = {}) => {
    const [one, at] = [
      { ...mail, ...change },
      { ...place, ...where },
    ]
    const pages = { query: new URLSearchParams(), next: '' }
    const list = mailsPage(sampleView(), { mails: [one], mailboxes: [at], places: [at], problem: '', pages })
    return [mailPage(sampleView(), one, at), list].map((page) => page.replace(/<style>.*<\/style>/s, ''))
  }
  const later = new Date(now + 9 * 60_000).toISOString()

  test.each([
    ['a free mailbox', {}, {}, ['as soon as the mailbox is free'], ['Retry now']],
    [
      'a closed gate',
      {},
      { sending: { problem: 'SMTP is switched off.', gate: 'closed', nextTry: later } },
      [
        'when the mailbox can send again',
        'The mailbox cannot send: SMTP is switched off.',
        'Retry now',
        'Open the mailbox',
      ],
      ['as soon as'],
    ],
    [
      'a server that does not answer',
      {},
      { sending: { problem: 'No answer.', gate: 'open', nextTry: later } },
      ['14:12 UTC', 'The mailbox cannot send: No answer.', 'Retry now'],
      ['as soon as'],
    ],
    [
      'what its own attempt met',
      {
        state: 'waiting',
        history: [
          { at: '', code: 'c', class: 'needs-admin', whoActs: 'Gateway operator', text: 'Off.', remedy: '', reply: '' },
        ],
      },
      { sending: { problem: 'Off.', gate: 'closed', nextTry: later } },
      ['when somebody has acted: Gateway operator', 'Who must act: Gateway operator', 'Off.', 'Open the mailbox'],
      ['The mailbox cannot send'],
    ],
    ['a pause', {}, { active: false }, ['when the mailbox is activated', 'The mailbox is paused.'], ['as soon as']],
    [
      'a search for it',
      { state: 'unknown', lookUpAt: later },
      {},
      ['the gateway looks for it in the mailbox', '14:12 UTC'],
      ['after your decision', '>Decide'],
    ],
    ['a person', { state: 'unknown' }, {}, ['after your decision', 'ecide'], ['the gateway looks']],
  ] as [string, Partial<MailDetails>, Partial<typeof place>, string[], string[]][])(
    '%s',
    (_, change, where, says, not) => {
      for (const page of shown(change, where)) {
        for (const text of says) expect(page).toContain(text)
        for (const text of not) expect(page).not.toContain(text)
      }
    },
  )
})

test('D4: a planned mail offers no retry; sending it early and cancelling lead to a question', () => {
  const mail = { id: 'x', state: 'queued', held: false, lookUpAt: '' } as const
  const shown = (plannedAt: number) =>
    mailActions(sampleView(), { ...mail, plannedAt: new Date(plannedAt).toISOString() }).text
  expect(shown(now + 60_000)).toContain('href="/console/mails/x/send-now">Send before its planned time<')
  expect(shown(now + 60_000)).toContain('href="/console/mails/x/cancel">Cancel<')
  expect(shown(now + 60_000)).not.toContain('<form')
  expect(shown(now - 60_000)).not.toContain('planned time')
  expect(samplePages()['mail-planned']).not.toContain('Retry now')
  expect(samplePages()['ask-mails-send-now']).toMatch(
    /<form method="post" action="\/console\/mails\/\w+\/send-now">.*csrf/,
  )
})
