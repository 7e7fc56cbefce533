/** One JSON object per line; ids and codes only: no addresses, subjects, tokens or server text with secrets (SEC-20, SEC-40). */
export interface Log {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export type LogFields = Record<string, string | number | boolean | undefined>

type Sink = (line: string) => void

export function jsonLog(sinks: { info: Sink; warn: Sink; error: Sink }, base: LogFields = {}): Log {
  const write = (sink: Sink) => (event: string, fields?: LogFields) =>
    sink(JSON.stringify({ event, ...base, ...fields }))
  return { info: write(sinks.info), warn: write(sinks.warn), error: write(sinks.error) }
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} }
