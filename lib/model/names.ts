/** Every storage name in one place (storage contract, docs/storage.md); `{e}` is the environment id. */
export const tableNames = [
  'tenants',
  'names',
  'connections',
  'mailboxes',
  'signins',
  'mails',
  'outbox',
  'received',
  'due',
  'deliveries',
  'attention',
] as const
export const logNames = ['sendinglog', 'receivinglog', 'auditlog'] as const
/** One table for each day, dropped when the day is over its retention: the logs, and by what finished mail is found. */
export const dayTableNames = [...logNames, 'mailindex'] as const
export const containerNames = ['outbound', 'inbound', 'quarantine', 'cursors'] as const
export const queueNames = [
  'outbound-mail',
  'mail-send',
  'mailbox-poll',
  'connection-refresh',
  'webhook',
  'second-clock',
] as const

export type TableName = (typeof tableNames)[number]
export type LogName = (typeof logNames)[number]
export type DayTableName = (typeof dayTableNames)[number]
export type ContainerName = (typeof containerNames)[number]
export type QueueName = (typeof queueNames)[number]

/** Names of one environment: `[a-z][a-z0-9]{1,7}`. */
export interface Names {
  environment: string
  table(name: TableName): string
  /** `day` is `yyyymmdd`, for the audit log `yyyymm`. */
  log(name: DayTableName, day: string): string
  /** Shared between environments on purpose. */
  holders: string
  container(name: ContainerName): string
  queue(name: QueueName): string
  eventsQueue(tenant: string): string
  connectionSecret(connectionId: string, generation: number): string
  registrationSecret(registrationId: string, generation: number): string
  sealKey(month: string): string
  webhookKey(endpointId: string): string
}

export function storageNames(environment: string): Names {
  return {
    environment,
    table: (name) => `${environment}${name}`,
    log: (name, day) => `${environment}${name}${day}`,
    holders: 'holders',
    container: (name) => `${environment}-${name}`,
    queue: (name) => `${environment}-${name}`,
    eventsQueue: (tenant) => `${environment}-events-${tenant}`,
    connectionSecret: (connectionId, generation) => `${environment}-c-${connectionId}-${generation}`,
    registrationSecret: (registrationId, generation) => `${environment}-r-${registrationId}-${generation}`,
    sealKey: (month) => `${environment}-seal-${month}`,
    webhookKey: (endpointId) => `${environment}-w-${endpointId}`,
  }
}
