import type { Route } from '../route.ts'

/** Every endpoint there is: what Express serves, /openapi.json describes and the property tests call. */
export const routes: readonly Route[] = []
