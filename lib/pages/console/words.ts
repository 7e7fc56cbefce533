/** The console's words: times, sizes and states, always as text and never by colour alone. */
import { html, type Markup } from '../html.js'

export type Tone = 'good' | 'bad' | 'wait' | 'quiet'

export function chip(text: string, tone: Tone): Markup {
  return html`<span class="chip ${tone}">${text}</span>`
}

/** `2026-11-21 14:03 UTC (5 minutes ago)`; `never` for an empty time. Takes an ISO date or milliseconds. */
export function when(time: string | number, now: number, never = 'never'): Markup {
  return timeOf(time, now, { never, to: 16 })
}

/** The same to the second, where things are told apart by it: attempts and log rows. */
export function exactly(time: string, now: number): Markup {
  return timeOf(time, now, { never: 'unknown', to: 19 })
}

function timeOf(time: string | number, now: number, { never, to }: { never: string; to: 16 | 19 }): Markup {
  const ms = typeof time === 'number' ? time : Date.parse(time)
  if (!Number.isFinite(ms) || ms <= 0 || ms > 8.64e15) return html`<span class="dim">${never}</span>`
  const iso = new Date(ms).toISOString()
  const upTo = (end: number): string => `${iso.slice(0, 10)} ${iso.slice(11, end)} UTC`
  return html`<time datetime="${iso}" title="${upTo(19)}"><span class="at">${upTo(to)}</span> <span class="dim">(${relative(ms - now)})</span></time>`
}

/** `in 5 minutes`, `3 hours ago`, `now` within a second. */
export function relative(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000)
  if (seconds < 1) return 'now'
  const [amount, unit] =
    seconds < 60
      ? [seconds, 'second']
      : seconds < 3_600
        ? [Math.round(seconds / 60), 'minute']
        : seconds < 48 * 3_600
          ? [Math.round(seconds / 3_600), 'hour']
          : [Math.round(seconds / 86_400), 'day']
  const text = `${amount} ${unit}${amount === 1 ? '' : 's'}`
  return ms > 0 ? `in ${text}` : `${text} ago`
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1_048_576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`
}

const mailStates = new Map<string, [string, Tone]>([
  ['queued', ['queued', 'wait']],
  ['sending', ['sending', 'wait']],
  ['handing-over', ['handing over', 'wait']],
  ['waiting', ['waiting for next attempt', 'wait']],
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

const kinds = new Map([
  ['mailbox-receive', 'Receiving'],
  ['mailbox-send', 'Sending'],
  ['mailbox-quarantine', 'Mail in quarantine'],
  ['connection', 'Connection'],
  ['sign-in', 'Sign-in to confirm'],
  ['registration', 'App registration'],
  ['webhook', 'Webhook'],
  ['mail-unknown', 'Mail with unknown outcome'],
  ['message', 'Queue message set aside'],
  ['balance', 'Count of mails'],
  ['removal', 'Removal of a tenant'],
  ['platform', 'End of support'],
  ['timer', 'Timer'],
])

export const kindWords = (kind: string): string => kinds.get(kind) ?? kind
