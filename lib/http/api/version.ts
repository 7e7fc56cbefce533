/** Version of this build; a test compares it with package.json. */
export const version = '0.1.0'

declare const GATEWAY_COMMIT: string | undefined

/** Commit the build was made from, with `-modified` when files differed from it; empty when run from source. */
export const commit = typeof GATEWAY_COMMIT === 'string' ? GATEWAY_COMMIT : ''
