/// Callbacks and the recorder that follow a run.
package struct RunObserver {
    /// How often `onTick` is called while the run waits, in addition to each time something is done; nil for never.
    package var tick: Duration?
    package var onTick: () -> Void = {}
    package var recorder: RunRecorder?

    package init(tick: Duration? = nil, onTick: @escaping () -> Void = {}, recorder: RunRecorder? = nil) {
        self.tick = tick
        self.onTick = onTick
        self.recorder = recorder
    }
}
