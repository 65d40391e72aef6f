export const root: string;
export const cacheDir: string;
export const node24: string;
export function electronBinary(): string | null;
