/** The console's words: times, sizes and states, always as text and never by colour alone. */
import { html, type Markup } from '../html.js'

export type Tone = 'good' | 'bad' | 'wait' | 'quiet'

export function chip(text: string, tone: Tone): Markup {
  return html`<span class="chip ${tone}">${text}</span>`
}

/** `2026-11-21 14:03 UTC (5 min ago)`; `never` for an empty time. Takes an ISO date or milliseconds. */
export function when(time: string | number, now: number, never = 'never'): Markup {
  const ms = typeof time === 'number' ? time : Date.parse(time)
  if (!Number.isFinite(ms) || ms <= 0 || ms > 8.64e15) return html`<span class="dim">${never}</span>`
  const iso = new Date(ms).toISOString()
  return html`<time datetime="${iso}"><span class="at">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</span> <span class="dim">(${relative(ms - now)})</span></time>`
}

/** `in 5 min`, `3 h ago`. */
export function relative(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000)
  if (minutes === 0) return 'now'
  const amount =
    minutes < 60
      ? `${minutes} min`
      : minutes < 48 * 60
        ? `${Math.round(minutes / 60)} h`
        : `${Math.round(minutes / 1440)} days`
  return ms > 0 ? `in ${amount}` : `${amount} ago`
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1_048_576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`
}

const mailStates = new Map<string, [string, Tone]>([
  ['queued', ['queued', 'wait']],
  ['sending', ['sending', 'wait']],
  ['handing-over', ['handing over', 'wait']],
  ['waiting', ['waiting for next try', 'wait']],
  ['sent', ['sent', 'good']],
  ['failed', ['failed', 'bad']],
  ['unknown', ['outcome unknown', 'bad']],
  ['cancelled', ['cancelled', 'quiet']],
])

export function mailState(mail: { state: string; held: boolean }): Markup {
  if (mail.held && (mail.state === 'queued' || mail.state === 'waiting')) return chip('held', 'wait')
  const [text, tone] = mailStates.get(mail.state) ?? [mail.state, 'quiet']
  return chip(text, tone)
}

const classes = new Map([
  ['needs-reconnect', 'Mailbox owner'],
  ['needs-admin', 'Administrator'],
  ['permanent', 'Sender of the mail'],
  ['transient', 'Nobody: the gateway retries automatically'],
])

/** Who acts, from the class of an error. */
export function actorOf(errorClass: string): string {
  return classes.get(errorClass) ?? ''
}

const kinds = new Map([
  ['mailbox-receive', 'Receiving'],
  ['mailbox-send', 'Sending'],
  ['connection', 'Connection'],
  ['sign-in', 'Sign-in to confirm'],
  ['registration', 'App registration'],
  ['webhook', 'Webhook'],
  ['mail-unknown', 'Mail with unknown outcome'],
  ['message', 'Queue message given up'],
  ['balance', 'Count of mails'],
  ['removal', 'Removal of a tenant'],
  ['platform', 'End of support'],
])

export const kindWords = (kind: string): string => kinds.get(kind) ?? kind
