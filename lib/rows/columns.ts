import type { Row } from '../ports/tables.js'

/** Columns of a row as values. What is missing, as in a row of an older version, reads as empty. */
export interface Columns {
  /** `''` when it is missing. */
  text(column: string): string
  /** 0 when it is missing. */
  number(column: string): number
  /** Set and true. */
  flag(column: string): boolean
  /** JSON text, or `empty` when it is missing. */
  json<T>(column: string, empty: T): T
}

export function columnsOf(row: Row | undefined): Columns {
  const text = (column: string): string => String(row?.[column] ?? '')
  return {
    text,
    number: (column) => Number(row?.[column] ?? 0),
    flag: (column) => row?.[column] === true,
    json: (column, empty) => (text(column) === '' ? empty : JSON.parse(text(column))),
  }
}
