import type { LaneColumns } from '../../rows/lane.js'

const minute = 60_000
const day = 24 * 60 * minute

/** When the peer's limits allow one more mail: 0 for now. A single mail above the day's limit goes alone. */
export function laneAllows(
  lane: LaneColumns,
  limits: { mailsPerMinute: number; recipientsPerDay: number },
  { recipients, now }: { recipients: number; now: number },
): number {
  if (now - lane.minuteStart < minute && lane.minuteMails >= limits.mailsPerMinute) return lane.minuteStart + minute
  const today = now - lane.dayStart < day ? lane.dayRecipients : 0
  if (today > 0 && today + recipients > limits.recipientsPerDay) return lane.dayStart + day
  return 0
}

/** Counts one attempt; returns the columns to keep. */
export function countMail(lane: LaneColumns, recipients: number, now: number) {
  if (now - lane.minuteStart >= minute) Object.assign(lane, { minuteStart: now, minuteMails: 0 })
  if (now - lane.dayStart >= day) Object.assign(lane, { dayStart: now, dayRecipients: 0 })
  lane.minuteMails += 1
  lane.dayRecipients += recipients
  const { minuteStart, minuteMails, dayStart, dayRecipients } = lane
  return { minuteStart, minuteMails, dayStart, dayRecipients }
}
