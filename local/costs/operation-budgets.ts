/** Storage requests a journey may cost at most. Tests count them on the wire; the cost page multiplies them with prices. */
export interface StorageBudget {
  table: number
  queue: number
  blob: number
}

export const operationBudgets = {
  /** One mail accepted and sent, in a backlog. */
  mailOut: { table: 11, queue: 2, blob: 3 },
  /** One mail fetched, stored and handed over. */
  mailIn: { table: 6, queue: 1, blob: 1 },
  idlePoll: { table: 4, queue: 0, blob: 0 },
  /** One renewal of an access token. */
  refresh: { table: 5, queue: 0, blob: 0 },
} as const satisfies Record<string, StorageBudget>
