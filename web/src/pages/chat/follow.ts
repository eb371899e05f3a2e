/** The rule for scrolling: follow what arrives only when the reader is at the end; otherwise count it. */

/** This close to the end counts as being there: about one line and its margin. */
export const AT_END_PX_MAX = 80;

export interface ScrollPlace {
  scrollTop: number;
  clientHeight: number;
  scrollHeight: number;
}

export function isAtEnd({ scrollTop, clientHeight, scrollHeight }: ScrollPlace): boolean {
  return scrollHeight - scrollTop - clientHeight <= AT_END_PX_MAX;
}

/** How many arrivals wait below the reader after `arrived` more came in. */
export function countBelow(below: number, arrived: number, atEnd: boolean): number {
  return atEnd ? 0 : below + arrived;
}
