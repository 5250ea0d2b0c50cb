/**
 * Version of the text analysis behind the bm25 vectors (segmentation, stop words, stemming, hashing). It is part of the
 * fingerprint: raise it whenever the same text would give other terms, so that old and new vectors are never mixed.
 */
export const analyzerVersion = '3'
