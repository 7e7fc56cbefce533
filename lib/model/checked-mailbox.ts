import type { CheckStage } from './check-stage.js'

/** What a check found about signing in, or about one direction; null where there is nothing to say. */
export interface CheckedPart {
  verdict: 'works' | 'fails' | 'not-tested'
  /** Where it stopped. */
  stage: CheckStage | null
  code: string | null
  /** Plain words for who must act. */
  whoActs: string | null
  description: string | null
  remedy: string | null
}

export interface CheckedMailbox {
  signIn: CheckedPart
  reading: CheckedPart
  sending: CheckedPart
}
