/** Who is at the console, on which plant. */
import { createContext, useContext } from 'react';
import type { CommandName } from '../../shared/contract/contract.ts';
import type { Session } from '../../shared/contract/session.ts';
import { mayDo, ROLE_LABEL, ROLE_OF_ACT } from './may.ts';

const SessionContext = createContext<Session | null>(null);
export const SessionProvider = SessionContext.Provider;

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('useSession outside SessionProvider');
  return session;
}
export const usePlant = (): Session['plant'] => useSession().plant;
/** The name of the plant's currency, e.g. "EUR". */
export const useCurrency = (): string => useSession().plant.currency;

/** Whether the person may do an act, and if not why, in words for the button's title. */
export function useMay(act: CommandName): { may: boolean; why: string | undefined } {
  const { person, locked } = useSession();
  const needed = ROLE_OF_ACT[act];
  const may = !locked && mayDo(person?.role ?? null, act);
  return { may, why: may || needed === 'public' ? undefined : `Needs the role ${ROLE_LABEL[needed]}.` };
}
