/** What the host reads from host.json and from the app settings. */

export interface HostSettings {
  routePrefix: string
  maxOutstandingRequests: number
  queues: QueueSettings
}

export interface QueueSettings {
  batchSize: number
  newBatchThreshold: number
  maxDequeueCount: number
  /** How long a failed message stays hidden before its next try. */
  visibilityTimeoutMs: number
  maxPollingIntervalMs: number
  messageEncoding: 'base64' | 'none'
}

// A local user should not wait a minute for a queue that was idle.
const longestLocalPollMs = 1_000

/** Reads host.json, with `AzureFunctionsJobHost__a__b` settings laid over it as the real host does. */
export function readHostSettings(hostJson: unknown, settings: Record<string, string>): HostSettings {
  const root = structuredClone(hostJson ?? {}) as Record<string, unknown>
  for (const [key, value] of Object.entries(settings)) {
    const path = key.split('__')
    if (path.shift() === 'AzureFunctionsJobHost' && path.length > 0) assignAt(root, path, value)
  }
  const http = section(root, 'extensions', 'http')
  const queues = section(root, 'extensions', 'queues')
  const batchSize = wholeNumber(queues, 'batchSize', 16, 1, 32)
  const messageEncoding = String(queues['messageEncoding'] ?? 'base64').toLowerCase()
  if (messageEncoding !== 'base64' && messageEncoding !== 'none') {
    throw new Error(`host.json: queues.messageEncoding must be base64 or none, not "${messageEncoding}"`)
  }
  return {
    routePrefix: String(http['routePrefix'] ?? 'api').replace(/^\/|\/$/g, ''),
    maxOutstandingRequests: Number(http['maxOutstandingRequests'] ?? 200),
    queues: {
      batchSize,
      newBatchThreshold: wholeNumber(queues, 'newBatchThreshold', Math.ceil(batchSize / 2), 0, 1_000),
      maxDequeueCount: wholeNumber(queues, 'maxDequeueCount', 5, 1, 1_000),
      visibilityTimeoutMs: parseTimeSpan(queues['visibilityTimeout'] ?? '00:00:00'),
      maxPollingIntervalMs: Math.min(parseTimeSpan(queues['maxPollingInterval'] ?? '00:01:00'), longestLocalPollMs),
      messageEncoding,
    },
  }
}

/** Replaces every `%NAME%` by the setting of that name. Throws when the setting is missing. */
export function resolveSettings(text: string, settings: Record<string, string>): string {
  return text.replace(/%([^%]+)%/g, (_whole, name: string) => {
    const value = settings[name]
    if (value === undefined) throw new Error(`"${text}" names the setting ${name}, which does not exist`)
    return value
  })
}

/** Finds the connection string behind a binding's `connection`, with the host's own storage as default. */
export function connectionStringFor(connection: string | undefined, settings: Record<string, string>): string {
  const name = connection || 'AzureWebJobsStorage'
  const value = settings[name] ?? settings[`AzureWebJobs${name}`]
  if (!value) throw new Error(`connection "${name}": no setting with a storage connection string`)
  return value
}

/** Whether the app settings switch a function off. */
export function isDisabled(functionName: string, settings: Record<string, string>): boolean {
  const value = settings[`AzureWebJobs.${functionName}.Disabled`] ?? settings[`AzureWebJobs_${functionName}_Disabled`]
  return /^(true|1)$/i.test(value ?? '')
}

/** Milliseconds of a .NET time span, `[d.]hh:mm:ss[.fff]`. */
function parseTimeSpan(value: unknown): number {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(String(value))
  if (!match) throw new Error(`host.json: "${value}" is not a time span such as 00:00:30`)
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ]
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
}

function section(root: Record<string, unknown>, ...path: string[]): Record<string, unknown> {
  let at = root
  for (const key of path) at = (at[key] ?? {}) as Record<string, unknown>
  return at
}

function assignAt(root: Record<string, unknown>, path: string[], value: string): void {
  const last = path.pop()!
  let at = root
  for (const key of path) {
    at[key] ??= {}
    at = at[key] as Record<string, unknown>
  }
  at[last] = value
}

function wholeNumber(from: Record<string, unknown>, key: string, fallback: number, min: number, max: number): number {
  const value = Number(from[key] ?? fallback)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`host.json: queues.${key} must be a whole number from ${min} to ${max}`)
  }
  return value
}
