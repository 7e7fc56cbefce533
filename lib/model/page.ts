/** Every list of the API comes in pages: its rows, and where the next page begins. */

export interface PageQuery {
  /** Rows to give, 1 to 200. */
  limit: number
  /** `next` of the page before; left out or empty for the first page. */
  after?: string | undefined
}

export const mostPerPage = 200

/** Every row of a list, page by page: `name` is where a page has them; `next` is empty or null at the end. */
export async function everyRow<K extends string, T>(
  readPage: (page: PageQuery) => Promise<Record<K, T[]> & { next: string | null }>,
  name: K,
): Promise<T[]> {
  const all: T[] = []
  for (let after = ''; ; ) {
    const page = await readPage({ limit: mostPerPage, after })
    all.push(...page[name])
    if (page.next === '' || page.next === null) return all
    after = page.next
  }
}
