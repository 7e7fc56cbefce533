import type { TelemetryFields, TelemetryName } from './model/telemetry.js'

type Line = <N extends TelemetryName>(event: N, fields: TelemetryFields<N>) => void

/** One JSON object per line, of the names and fields in `lib/model/telemetry.ts` only (SEC-20, SEC-40). */
export interface Log {
  info: Line
  warn: Line
  error: Line
}

type Sink = (line: string) => void

export function jsonLog(sinks: { info: Sink; warn: Sink; error: Sink }): Log {
  // The level is part of the line because the host judges what comes through stderr by its words.
  const write =
    (level: keyof typeof sinks): Line =>
    (event, fields) =>
      sinks[level](JSON.stringify({ event, level, ...fields }))
  return { info: write('info'), warn: write('warn'), error: write('error') }
}

/** The same lines through the host's own channel, which adds the invocation. */
export function invocationLog(context: { info: Sink; warn: Sink; error: Sink }): Log {
  return jsonLog({
    info: (line) => context.info(line),
    warn: (line) => context.warn(line),
    error: (line) => context.error(line),
  })
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} }
