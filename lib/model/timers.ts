/** The three timers of the gateway, named as their functions. */
export const timerNames = ['mailboxes-due', 'tokens-due', 'sweep'] as const

export type TimerName = (typeof timerNames)[number]

/** Who started a run: the timer's own trigger, or the second clock because the timer was late. */
export type RunKind = 'own' | 'second-clock'
