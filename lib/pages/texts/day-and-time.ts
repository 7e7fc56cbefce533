/** A moment for people who may be anywhere: day, time and UTC. */
export const dayAndTime = (at: number, lang: string): string =>
  `${new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`
