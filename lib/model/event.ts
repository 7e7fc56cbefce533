export type EventType =
  | 'mail.received'
  | 'mail.sent'
  | 'mail.failed'
  | 'mail.unknown'
  | 'mail.rejected'
  | 'connection.changed'
  | 'sign-in.pending'
  | 'sign-in.ended'

/** What the tenant's app is told: ids and states, no bodies. */
export interface GatewayEvent {
  v: 1
  /** Stable per cause, so that a repeated hand-over can be recognised. */
  id: string
  type: EventType
  tenant: string
  /** ISO date. */
  time: string
  data: Record<string, string | number | boolean | string[] | Record<string, string> | null>
}
