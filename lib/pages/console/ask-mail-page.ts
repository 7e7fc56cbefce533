/** The question before an action on a mail that cannot be taken back: a page of its own, so that it works without a script. */
import { html, type Markup } from '../html.js'
import { actionButton, consolePage, link, segment, type View } from './frame.js'
import { type MailEntry, recipients } from './mail-pages.js'
import { mailState, when } from './words.js'

const questions = {
  cancel: {
    title: 'Cancel this mail?',
    text: () =>
      html`It will not be sent. A cancelled mail cannot be taken up again: the application would have to submit it anew.`,
    yes: 'Yes, cancel the mail',
  },
  'send-now': {
    title: 'Send before its planned time?',
    text: (mail: MailEntry, now: number) =>
      html`The application planned this mail for ${when(mail.plannedAt, now, 'no time')}. It leaves at once, and the planned time is gone. What has left cannot be called back.`,
    yes: 'Yes, send it now',
  },
} satisfies Record<string, { title: string; text: (mail: MailEntry, now: number) => Markup; yes: string }>

export const isAskedBefore = (action: string): action is keyof typeof questions => Object.hasOwn(questions, action)

export function askMailPage(view: View, mail: MailEntry, action: keyof typeof questions): string {
  const { title, text, yes } = questions[action]
  const path = `/mails/${segment(mail.id)}`
  return consolePage(
    view,
    '/mails',
    title,
    html`<h1>${title}</h1>
<div class="card alert"><p class="row"><b>Mail to ${recipients(mail.recipients)}</b>${mailState(mail)}</p><p>${text(mail, view.now)}</p>
<div class="row">${actionButton(view, `${path}/${action}`, yes)}<a class="button plain" href="${link(view, path)}">No, go back</a></div></div>`,
  )
}
