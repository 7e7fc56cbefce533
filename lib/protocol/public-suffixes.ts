// Named here, because of a whole package that is imported later only its default export survives bundling.
export { getDomain } from 'tldts'
