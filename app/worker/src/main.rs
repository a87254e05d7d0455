use burn::tensor::{Device, Tensor};
use hone_core as _;
fn main() {
    wasm_bindgen_futures::spawn_local(async {
        let device = Device::wgpu_options().tasks_max(64).init_with_setup_async().await;
        let device = device.autodiff();
        let t = Tensor::<2>::ones([2, 2], &device);
        let _ = t.into_data_async().await;
    });
}
