/** `next` of a page that may be the last one: a full page leads to another, which may be empty. */
export const nextRow = (rows: readonly { id: string }[], limit: number): string =>
  rows.length < limit ? '' : (rows.at(-1)?.id ?? '')
