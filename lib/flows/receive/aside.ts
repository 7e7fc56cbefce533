/**
 * Mails that could not be taken stand beside the others: the cursor goes on behind them, so that everything else
 * arrives, and each is retried at growing intervals until it is taken, gone or quarantined. Whose fault it is needs
 * one more fact than the refusal: did another mail come meanwhile? Without that fact a poll blames one mail at most,
 * and three refusals in a row are the server's.
 */
import type { GatewayError } from '../../errors.js'
import type { AsideMail } from '../../rows/receiving-state.js'

/** Mails in one row, by the length of their JSON text; whatever is behind them waits. */
export const longestAside = 24_000
/** So many deaths of the process with one mail in hand alone are the mail's doing. */
export const deathsAlone = 2
/** So many refusals in a row, with nothing taken before, are the server's. */
export const refusalsOfServer = 3

/** The one that was in hand alone when the process died gets its share; several in hand accuse nobody. */
export function afterDeath(aside: readonly AsideMail[], inHand: string, now: number): AsideMail[] {
  if (inHand === '') return [...aside]
  const known = aside.find((one) => one.serverId === inHand) ?? newAside(inHand, now)
  return [
    ...aside.filter((one) => one.serverId !== inHand),
    { ...known, deaths: known.deaths + 1, tryAt: now, code: 'mail_killed_poll' },
  ]
}

export const newAside = (serverId: string, now: number): AsideMail => ({
  serverId,
  at: now,
  tryAt: now,
  strikes: 0,
  deaths: 0,
  code: '',
})

/**
 * The fault of one mail, as far as the transport can tell; storage, vault and whatever needs a person are nobody's
 * mail.
 */
export function isOfTheMail({ class: errorClass, code }: GatewayError): boolean {
  return (errorClass === 'transient' || errorClass === 'permanent') && !/^(storage|vault)_/.test(code)
}

/** Says that it is this mail and no other; "the server does not give it" does not, if it gives no mail. */
export const namesTheMail = ({ class: errorClass, hint }: GatewayError): boolean =>
  errorClass === 'permanent' && hint === 'message'

/** At which strike it is quarantined: waiting may help against some. */
export function strikesOf({ class: errorClass, code }: GatewayError): number {
  if (code === 'mail_too_large') return 1
  return errorClass === 'permanent' || code === 'unexpected' ? 2 : 5
}

const longestPauseMs = 60 * 60_000

/** When a poll has to come for these mails, at distances that double with their strikes; sooner polls try them too. */
export function asideDueAt(aside: readonly AsideMail[], now: number, pollMinMs: number): number {
  return Math.min(
    ...aside.map(({ strikes }) => now + Math.min(pollMinMs * 2 ** Math.max(0, strikes - 1), longestPauseMs)),
  )
}
