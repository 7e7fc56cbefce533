/** One thing that is broken now, as people see it. */
export interface AttentionItem {
  tenant: string
  kind: string
  id: string
  since: string
  code: string
  class: string
  /** Plain words for who must act. */
  whoActs: string
  description: string
  remedy: string
  peerLine: string
  mailboxId: string
  connectionId: string
  /** What people know it by: an address or a user name; empty when there is none. */
  subject: string
}
