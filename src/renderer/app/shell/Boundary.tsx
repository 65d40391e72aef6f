/** A page that breaks must not take the frame, the alarms or the emergency page with it. */
import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';

export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className="page">
        <div className="failure" role="alert">
          <p>This page could not be drawn. The other pages, the alarms and the engine are not affected.</p>
          <p className="dim mono">{error.message}</p>
          <div className="row">
            <Button onClick={() => this.setState({ error: null })}>Try again</Button>
            <Button onClick={() => window.location.reload()}>Load the window again</Button>
          </div>
        </div>
      </div>
    );
  }
}
