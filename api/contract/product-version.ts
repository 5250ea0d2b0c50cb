import product from '../../package.json' with { type: 'json' }

/** Of this product, as in package.json; tsc copies that file beside the built code. */
export const productVersion: string = product.version
