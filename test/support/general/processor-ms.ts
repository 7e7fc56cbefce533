/** Milliseconds of this process's processor time since `since`: a limit on work that a busy machine does not break. */
export function processorMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000
}
