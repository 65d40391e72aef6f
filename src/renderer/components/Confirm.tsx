/** Dialog for an act with consequences: what it will do stands before the button that does it. */
import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import type { LinkFault } from '../app/link.ts';
import { FaultLine } from './Page.tsx';

export function Confirm({
  opened,
  title,
  confirmLabel,
  cancelLabel = 'Cancel',
  busy,
  fault,
  disabled,
  onConfirm,
  onClose,
  children,
  size = 520,
}: {
  opened: boolean;
  title: string;
  confirmLabel: string;
  cancelLabel?: string;
  busy?: boolean;
  fault?: LinkFault | null;
  disabled?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
  size?: number;
}) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!disabled) onConfirm();
        }}
      >
        <div className="stack">
          {children}
          <FaultLine fault={fault ?? null} />
          <div className="row dialog-foot">
            <Button onClick={onClose}>{cancelLabel}</Button>
            <Button variant="filled" type="submit" loading={busy} disabled={disabled}>
              {confirmLabel}
            </Button>
          </div>
        </div>
      </form>
    </Modal>
  );
}
