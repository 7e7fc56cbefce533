import { type RemedyId, remedies } from './remedies.js'

/** One line of the preflight. */
export interface Finding {
  check: string
  verdict: 'pass' | 'warn' | 'fail'
  text: string
  /** Only where something is to be done. */
  remedy?: { id: RemedyId; cure: string }
}

export const pass = (check: string, text: string): Finding => ({ check, verdict: 'pass', text })
export const warn = (check: string, text: string, id: RemedyId): Finding => found('warn', check, text, id)
export const fail = (check: string, text: string, id: RemedyId): Finding => found('fail', check, text, id)

function found(verdict: 'warn' | 'fail', check: string, text: string, id: RemedyId): Finding {
  return { check, verdict, text, remedy: { id, cure: remedies[id][1] } }
}
