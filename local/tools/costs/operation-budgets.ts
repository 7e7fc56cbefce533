/**
 * Storage requests a journey may cost at most. Tests count them on the wire; the cost page multiplies them with prices.
 */
export interface StorageBudget {
  table: number
  queue: number
  blob: number
}

export const operationBudgets = {
  /** One mail accepted and sent, without its share of the drain. */
  mailOut: { table: 9, queue: 2, blob: 3 },
  /**
   * A worker's look at the outbox of one mailbox; index and hints of up to 20 mails it sent are two of these requests.
   */
  drain: { table: 12, queue: 0, blob: 0 },
  /** One mail fetched, stored and handed over. */
  mailIn: { table: 6, queue: 1, blob: 1 },
  idlePoll: { table: 4, queue: 0, blob: 0 },
  /** One renewal of an access token. */
  refresh: { table: 5, queue: 0, blob: 0 },
} as const satisfies Record<string, StorageBudget>
